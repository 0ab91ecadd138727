<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>Changes</name>
    <message numerus="yes">
        <source>With %n changes at steps {first} to {last}</source>
        <translation>
            <numerusform>With %n change at step {first}</numerusform>
            <numerusform>With %n changes at steps {first} to {last}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>With %n changes at steps {steps} and {last}</source>
        <translation>
            <numerusform>With %n change at step {last}</numerusform>
            <numerusform>With %n changes at steps {steps} and {last}</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Collapsible</name>
    <message numerus="yes">
        <source>%n changed</source>
        <translation>
            <numerusform>%n changed</numerusform>
            <numerusform>%n changed</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ComputePage</name>
    <message numerus="yes">
        <source>One for each of %n cores</source>
        <translation>
            <numerusform>One for the only core</numerusform>
            <numerusform>One for each of %n cores</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{processor}, %n cores</source>
        <translation>
            <numerusform>{processor}, %n core</numerusform>
            <numerusform>{processor}, %n cores</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>DetailsPanel</name>
    <message numerus="yes">
        <source>View %n Saved Steps</source>
        <translation>
            <numerusform>View %n Saved Step</numerusform>
            <numerusform>View %n Saved Steps</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>History</name>
    <message numerus="yes">
        <source>%Ln images</source>
        <translation>
            <numerusform>%Ln image</numerusform>
            <numerusform>%Ln images</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln stars</source>
        <translation>
            <numerusform>%Ln star</numerusform>
            <numerusform>%Ln stars</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ModelScan</name>
    <message numerus="yes">
        <source>Checking %n more files…</source>
        <translation>
            <numerusform>Checking %n more file…</numerusform>
            <numerusform>Checking %n more files…</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Queue</name>
    <message numerus="yes">
        <source>%n images</source>
        <translation>
            <numerusform>%n image</numerusform>
            <numerusform>%n images</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>QueueController</name>
    <message numerus="yes">
        <source>%n images in the queue.</source>
        <translation>
            <numerusform>%n image in the queue.</numerusform>
            <numerusform>%n images in the queue.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n images were interrupted.</source>
        <translation>
            <numerusform>%n image was interrupted.</numerusform>
            <numerusform>%n images were interrupted.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n more in the queue.</source>
        <translation>
            <numerusform>%n more in the queue.</numerusform>
            <numerusform>%n more in the queue.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>QueuePanel</name>
    <message numerus="yes">
        <source>%n interrupted</source>
        <translation>
            <numerusform>%n interrupted</numerusform>
            <numerusform>%n interrupted</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n more in the queue</source>
        <translation>
            <numerusform>%n more in the queue</numerusform>
            <numerusform>%n more in the queue</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n in the queue</source>
        <translation>
            <numerusform>%n in the queue</numerusform>
            <numerusform>%n in the queue</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>StepTimeline</name>
    <message numerus="yes">
        <source>%n steps</source>
        <translation>
            <numerusform>%n step</numerusform>
            <numerusform>%n steps</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>StylesDialog</name>
    <message numerus="yes">
        <source>%n styles were added.</source>
        <translation>
            <numerusform>%n style was added.</numerusform>
            <numerusform>%n styles were added.</numerusform>
        </translation>
    </message>
</context>
</TS>
